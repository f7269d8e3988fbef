// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DOCUMENTS, rendered } from './support/documents.js';

describe('documents', () => {
  for (const file of DOCUMENTS) {
    it(`${path.basename(file)} shows the tables as they are (node packages/plugin-evse-manager/scripts/documents.mjs)`, () => {
      expect(readFileSync(file, 'utf8')).to.equal(rendered(file));
    });
  }
});
