package com.example.crash;

import org.junit.jupiter.api.Test;

class HangTest { @Test void hangs() throws Exception { Thread.sleep(60000); } }
