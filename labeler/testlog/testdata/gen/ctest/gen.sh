# C and C++: ctest, GoogleTest and Catch2.
need cmake ctest || return 0
cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug >/dev/null && cmake --build build >/dev/null || return 0
run ctest plain ctest --test-dir build
run ctest verbose ctest --test-dir build -V
run ctest failures ctest --test-dir build --output-on-failure -j 2
run ctest none ctest --test-dir build -R absent_name
run googletest all build/googletest_suite
run googletest colour build/googletest_suite --gtest_color=yes --gtest_filter='Cart.*'
run googletest crash build/googletest_suite --gtest_also_run_disabled_tests --gtest_filter='Cart.StartsEmpty:Crash.*'
run googletest hang timeout 1 build/googletest_suite --gtest_also_run_disabled_tests --gtest_filter='Cart.StartsEmpty:Hang.*'
run googletest repeat build/googletest_suite --gtest_repeat=2 --gtest_filter='Cart.StartsEmpty:Cart.Fails'
run catch2 failures build/catch2_suite
run catch2 all build/catch2_suite -s
run catch2 colour build/catch2_suite -s --use-colour yes
run catch2 crash build/catch2_suite -s '[.crash]'
run catch2 hang timeout 1 build/catch2_suite -s "starts empty,[.hang]"
build/googletest_suite --gtest_output=xml:gtest.xml >/dev/null 2>&1
run junitxml googletest cat gtest.xml
run junitxml catch2 build/catch2_suite -r junit
ctest --test-dir build --output-junit ctest.xml >/dev/null 2>&1
run junitxml ctest cat build/ctest.xml
