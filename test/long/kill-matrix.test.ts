// The kill matrix of the integration tests, with twice as many points for each signal and process.
process.env.VAUTO_TEST_KILLS ??= '20';
await import('../integration/kill-matrix.test.js');
