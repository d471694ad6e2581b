package com.example.shop;

import static org.junit.Assert.*;

import org.junit.*;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

@RunWith(Parameterized.class)
public class TakesTest {
    @Parameterized.Parameters(name = "{0} - x") public static Object[] data() { return new Object[] {"a b", "c"}; }
    @Parameterized.Parameter public String s;
    @Test public void takes() { assertEquals("c", s); }
}
