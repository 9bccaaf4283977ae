import { loadFamilies } from '../../src/functions/registry.js';

// Tests of single functions look them up without a query, which would load their families.
await loadFamilies();
