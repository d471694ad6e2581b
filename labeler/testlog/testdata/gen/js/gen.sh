# JavaScript: mocha, jest, vitest, karma (in a headless Chromium) and node:test.
need npm node || return 0
npm install --silent --no-audit --no-fund || return 0
PATH="$PWD/node_modules/.bin:$PATH"
run mocha spec mocha --exit mocha/cart.js
run mocha colour env -u NO_COLOR FORCE_COLOR=1 mocha --color --exit mocha/cart.js
run mocha crash mocha mocha/crash.js
run mocha broken mocha mocha/broken.js
run mocha-json report mocha --exit --reporter json mocha/cart.js
run jest verbose jest --verbose --runInBand jest/cart jest/plain jest/broken
run jest colour env -u NO_COLOR FORCE_COLOR=1 jest --verbose --colors --runInBand jest/cart
run jest plain jest --runInBand jest/cart jest/plain jest/broken
run jest crash jest --verbose --maxWorkers 2 jest/crash jest/plain
run vitest verbose vitest run --reporter verbose
run vitest default vitest run
TESTS=vitest-crash run vitest crash vitest run --reporter verbose --pool forks
run vitest colour env -u NO_COLOR FORCE_COLOR=1 vitest run --reporter verbose vitest/cart
run junitxml vitest vitest run --reporter junit
run tap vitest vitest run --reporter tap
run tap node node --test --test-reporter tap node/
run tap mocha mocha --exit --reporter tap mocha/cart.js
if need chromium; then
	export CHROME_BIN=$(command -v chromium)
	REPORTER=mocha run karma mocha karma start
	REPORTER=spec run karma spec karma start
	TESTS=karma-hang REPORTER=mocha run karma hang karma start
	REPORTER=progress run karma progress karma start
fi
