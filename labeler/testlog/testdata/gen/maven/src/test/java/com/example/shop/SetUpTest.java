package com.example.shop;

import org.junit.jupiter.api.*;

class SetUpTest {
    @BeforeAll static void before() { throw new IllegalStateException("no set-up"); }
    @Test void never() {}
}
