#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
#include <cstdlib>
#include <iostream>
#include <csignal>
#include <stdexcept>

TEST_CASE("starts empty", "[cart]") { REQUIRE(1 == 1); }
TEST_CASE("adds, with a comma") {
  SECTION("one") { REQUIRE(1 == 1); }
  SECTION("two") {
    SECTION("inner") { REQUIRE(1 == 2); }
  }
  SECTION("three") { CHECK(2 == 2); }
}
TEST_CASE("throws") { throw std::runtime_error("boom"); }
TEST_CASE("may fail", "[!mayfail]") { CHECK(1 == 2); }
TEST_CASE("should fail", "[!shouldfail]") { CHECK(1 == 2); }
TEST_CASE("generates") {
  int n = GENERATE(1, 2, 3);
  CHECK(n != 2);
}
TEST_CASE("prints") {
  std::cout << "starts empty\n  PASSED:\n";
  REQUIRE(true);
}
TEST_CASE("is hidden", "[.]") { REQUIRE(true); }
TEST_CASE("never ends", "[.hang]") { REQUIRE(1 == 1); for (;;) {} }
TEST_CASE("crashes", "[.crash]") { REQUIRE(1 == 1); std::raise(11); }
#ifdef SKIP
TEST_CASE("is skipped") { SKIP("not here"); }
#endif
