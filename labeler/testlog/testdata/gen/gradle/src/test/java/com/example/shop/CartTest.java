package com.example.shop;

import static org.junit.Assert.*;

import java.util.*;
import org.junit.*;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

public class CartTest {
    @Test public void startsEmpty() {}
    @Test public void fails() { assertEquals(1, 2); }
    @Test public void breaks() { throw new IllegalStateException("boom"); }
    @Test @Ignore public void isSkipped() {}
    @Test public void prints() { System.out.println("com.example.shop.CartTest > fails PASSED"); }
    @Test(timeout = 100) public void hangs() throws Exception { Thread.sleep(60000); }
}
