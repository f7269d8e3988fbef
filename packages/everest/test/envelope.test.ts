// SPDX-License-Identifier: Apache-2.0
import { decode, type Message } from '@carabiner/everest';
import { expect } from 'chai';

const bytes = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));
const read = (message: unknown): unknown => decode(bytes(message));

describe('messages of the protocol', () => {
  it('are read however wide they are', () => {
    const wide = Array.from({ length: 500_000 }, (_, index) => index);
    const named = Object.fromEntries(wide.slice(0, 100_000).map((index) => [`n${String(index)}`, []]));
    for (const value of [wide, { inside: { wide } }, named]) {
      const message = decode(bytes({ msg_type: 'Var', data: { data: value } })) as Message;
      expect(message.type).to.equal('Var');
    }
    // The widest that the limit of bytes lets in.
    const widest = `{"msg_type":"Var","data":{"data":[${'[],'.repeat(1_390_000)}[]]}}`;
    expect(decode(Buffer.from(widest))).to.have.property('type', 'Var');
  });

  it('are refused when they are nested deeper than the limit, by objects or by arrays', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (levels: number): Buffer => {
        const inside = `${open.repeat(levels)}1${close.repeat(levels)}`;
        return Buffer.from(`{"msg_type":"Var","data":{"data":${inside}}}`);
      };
      // Two levels are the envelope's.
      expect(decode(nested(62))).to.have.property('type', 'Var');
      expect(decode(nested(63))).to.deep.equal({ malformed: 'nested deeper than 64 levels' });
    }
  });

  it('of a command are handed on with arguments of any kind, since the caller waits for an answer', () => {
    for (const args of [['Export'], 5, 'text', true, { mode: 'Export' }])
      expect(read({ msg_type: 'Cmd', data: { id: '1', origin: 'user', args } })).to.deep.equal({
        type: 'Cmd',
        id: '1',
        origin: 'user',
        args,
      });
    for (const data of [
      { id: '1', origin: 'user', args: null },
      { id: '1', origin: 'user' },
    ])
      expect(read({ msg_type: 'Cmd', data })).to.have.deep.property('args', {});
  });

  it('with a result are failures when there is an error, whatever it is and whatever the value says', () => {
    const outcome = (inner: object): unknown =>
      (
        read({ msg_type: 'CmdResult', data: { type: 'result', data: { id: '1', ...inner } } }) as {
          outcome: unknown;
        }
      ).outcome;
    const unknown = { ok: false, errorType: 'HandlerException', message: 'no reason given' };
    for (const error of [null, 'broken', {}, []])
      expect(outcome({ retval: 1, error })).to.deep.equal(unknown);
    const error = { __everest__error_type: 'NotReady', __everest__error_msg: 'later' };
    expect(outcome({ error })).to.deep.equal({ ok: false, errorType: 'NotReady', message: 'later' });
    expect(outcome({ retval: 1 })).to.deep.equal({ ok: true, value: 1 });
    expect(outcome({})).to.deep.equal({ ok: true, value: null });
  });
});
