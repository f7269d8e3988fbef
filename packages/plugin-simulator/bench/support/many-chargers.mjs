// SPDX-License-Identifier: Apache-2.0
// A composition of `count` DC chargers, each with its simulated devices and vehicle.

export function composition(count) {
  const active_modules = {};
  const to = (module_id, implementation_id) => [{ module_id, implementation_id }];
  for (let n = 1; n <= count; n++) {
    const bench = `bench_${n}`;
    active_modules[`evse_${n}`] = {
      module: 'EvseManager',
      config_module: { connector_id: n, charge_mode: 'DC', connector_type: 'cCCS2' },
      connections: {
        bsp: to(bench, 'board_support'),
        connector_lock: to(bench, 'connector_lock'),
        slac: to(bench, 'slac'),
        hlc: to(bench, 'hlc'),
        imd: to(bench, 'imd'),
        over_voltage_monitor: to(bench, 'ovm'),
        powersupply_DC: to(`psu_${n}`, 'main'),
        powermeter_car_side: to(bench, 'powermeter'),
      },
    };
    active_modules[bench] = {
      module: 'BenchSimulator',
      config_module: { script: 'plugin;iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready' },
      connections: { power_unit: to(`psu_${n}`, 'output') },
    };
    active_modules[`psu_${n}`] = { module: 'SimulatedPsu' };
    active_modules[`auth_${n}`] = {
      module: 'LocalAuthoriser',
      config_module: { tokens: 'T', present_token: 'T' },
      connections: { evse: to(`evse_${n}`, 'evse') },
    };
    active_modules[`grid_${n}`] = {
      module: 'EnergySource',
      connections: { energy_consumer: to(`evse_${n}`, 'energy_grid') },
    };
  }
  return { active_modules };
}
