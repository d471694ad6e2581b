require('./absent'); test('never runs', () => {});
