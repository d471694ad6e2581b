# TAP: Perl's Test::More alone and under prove. node:test, mocha, vitest, Catch2
# and bats write it too.
need perl prove || return 0
run tap perl perl t/cart.t
run tap crash perl t/crash.t
run tap bail perl t/bail.t
run tap hang timeout 2 perl t/hang.t
run tap prove prove -v t/cart.t t/crash.t
run tap quiet prove t/cart.t t/crash.t
