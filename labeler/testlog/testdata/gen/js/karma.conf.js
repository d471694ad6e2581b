module.exports = (config) => config.set({
  frameworks: ['jasmine'], files: [`${process.env.TESTS || 'karma'}/*.js`], browsers: ['Headless'], singleRun: true,
  reporters: [process.env.REPORTER], browserNoActivityTimeout: 2000, browserDisconnectTimeout: 1000,
  client: { jasmine: { random: false } },
  customLaunchers: { Headless: { base: 'ChromeHeadless', flags: ['--no-sandbox'] } },
});
