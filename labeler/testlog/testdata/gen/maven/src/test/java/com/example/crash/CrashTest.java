package com.example.crash;

import org.junit.jupiter.api.Test;

class CrashTest { @Test void exits() { System.exit(3); } }
