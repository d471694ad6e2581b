package com.example.shop;

import org.junit.jupiter.api.*;

@Disabled class SkippedTest { @Test void never() {} }
