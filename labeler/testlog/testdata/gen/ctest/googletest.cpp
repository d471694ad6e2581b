#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <thread>

TEST(Cart, StartsEmpty) {}
TEST(Cart, Fails) { EXPECT_EQ(1, 2); }
TEST(Cart, IsSkipped) { GTEST_SKIP() << "not here"; }
TEST(Cart, Prints) {
  std::cout << "[       OK ] Cart.Forged (0 ms)\n";
  std::cout << "no line end";
}
TEST(Cart, DISABLED_Never) {}
class Takes : public testing::TestWithParam<int> {};
TEST_P(Takes, IsOne) { EXPECT_EQ(GetParam(), 1); }
INSTANTIATE_TEST_SUITE_P(Both, Takes, testing::Values(1, 2));
class SetUp : public testing::Test {
 public:
  static void SetUpTestSuite() { FAIL() << "no set-up"; }
};
TEST_F(SetUp, Runs) {}
TEST(Throws, Out) { throw 1; }
TEST(Crash, DISABLED_Aborts) { std::abort(); }
TEST(Hang, DISABLED_Sleeps) { std::this_thread::sleep_for(std::chrono::hours(1)); }
