# PHP: PHPUnit.
need phpunit || return 0
run phpunit testdox phpunit --do-not-cache-result --testdox tests
run phpunit colour phpunit --do-not-cache-result --testdox --colors=always tests
run phpunit dots phpunit --do-not-cache-result tests
run phpunit passing phpunit --do-not-cache-result tests/PlainTest.php
run phpunit crash phpunit --do-not-cache-result --testdox Crash.php
run phpunit hang timeout 2 phpunit --do-not-cache-result --testdox Hang.php
phpunit --do-not-cache-result --log-junit phpunit.xml tests >/dev/null 2>&1
run junitxml phpunit cat phpunit.xml
