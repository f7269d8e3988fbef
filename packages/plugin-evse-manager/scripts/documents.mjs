// SPDX-License-Identifier: Apache-2.0
// Writes the parts of docs/evse-manager.md and README.md that are made of the module's tables. Build first.
import { updateDocuments } from '../dist-test/support/documents.js';

updateDocuments();
