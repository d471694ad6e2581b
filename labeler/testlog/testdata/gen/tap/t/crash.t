use Test::More tests => 3;
ok(1, 'runs before');
kill 'KILL', $$;
ok(1, 'never runs');
