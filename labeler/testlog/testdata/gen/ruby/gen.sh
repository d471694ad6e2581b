# Ruby: RSpec and minitest.
need rspec ruby || return 0
run rspec documentation rspec -f documentation --order defined cart_spec.rb
run rspec colour rspec -f documentation --order defined --force-color cart_spec.rb
run rspec progress rspec --order defined cart_spec.rb
run rspec plain rspec -f documentation --order defined plain_spec.rb
run rspec crash rspec -f documentation --order defined crash_spec.rb
run rspec broken rspec -f documentation broken_spec.rb
run rspec hang timeout 2 rspec -f documentation --order defined hang_spec.rb
run minitest hang timeout -s KILL 2 ruby hang_test.rb -v
run minitest verbose ruby cart_test.rb -v --seed 1
run minitest dots ruby cart_test.rb --seed 1
run minitest crash ruby crash_test.rb -v
