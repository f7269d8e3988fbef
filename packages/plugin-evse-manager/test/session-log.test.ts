// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@carabiner/testkit';
import { expect } from 'chai';
import { SessionLog } from '../dist/session/session-log.js';

describe('session log', () => {
  const ports = { now: () => Date.UTC(2026, 0, 1), warn: () => undefined };

  it('writes a CSV and an HTML file that are marked until the session is over', async () => {
    const folder = await tempDir('session-log-');
    try {
      const log = new SessionLog({ enabled: true, folder: folder.path, suffix: 'session_uuid' }, ports);
      const path = log.begin('id1')!;
      expect(readdirSync(path).sort()).to.deep.equal(['incomplete-eventlog.csv', 'incomplete-eventlog.html']);
      log.note('evse', 'bsp', 'pwm_on', { value: 5, text: '<b>"&' });
      log.end();
      expect(readdirSync(path).sort()).to.deep.equal(['eventlog.csv', 'eventlog.html']);
      expect(readFileSync(join(path, 'eventlog.csv'), 'utf8').split('\n')[1]).to.equal(
        '"2026-01-01T00:00:00.000Z","evse","bsp","pwm_on","{""value"":5,""text"":""<b>\\""&""}"',
      );
      const html = readFileSync(join(path, 'eventlog.html'), 'utf8');
      expect(html)
        .to.include('<td>pwm_on</td>')
        .and.to.include('&lt;b&gt;')
        .and.to.match(/<\/table>\n$/);
    } finally {
      await folder.remove();
    }
  });

  it('refuses a suffix that leaves its folder', async () => {
    const folder = await tempDir('session-log-');
    try {
      const log = new SessionLog(
        { enabled: true, folder: join(folder.path, 'a'), suffix: '/../../out' },
        ports,
      );
      expect(log.begin('id1')).to.equal(undefined);
      expect(existsSync(join(folder.path, 'out'))).to.equal(false);
    } finally {
      await folder.remove();
    }
  });
});
