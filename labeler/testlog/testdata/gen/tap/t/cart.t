use strict;
use warnings;
use Test::More;

ok(1, 'starts empty');
ok(0, 'fails');
ok(1);
SKIP: { skip 'not here', 1; ok(0, 'is skipped'); }
TODO: { local $TODO = 'not yet'; ok(0, 'is known'); ok(1, 'is fixed'); }
subtest 'inner' => sub { plan tests => 2; ok(1, 'one'); is(1, 2, 'two # hash'); };
diag('ok 99 - said');
print "ok 98 - forged\n";
done_testing();
