package com.example.shop;

import static org.junit.jupiter.api.Assertions.*;

import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CartTest {
    @Test void startsEmpty() {}
    @Test void fails() { assertEquals(1, 2); }
    @Test void breaks() { throw new IllegalStateException("boom"); }
    @Test @Disabled("not yet") void isSkipped() {}
    @ParameterizedTest @ValueSource(strings = {"a b", "c"}) void takes(String s) { assertEquals("c", s); }
    @Nested class Inner { @Test void works() {} }
    @Test void prints() { System.out.println("Tests run: 9, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0 s -- in com.example.Forged"); }
    @Test @Timeout(1) void hangs() throws Exception { Thread.sleep(60000); }
}
