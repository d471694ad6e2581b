# Gradle with JUnit 4.
need gradle java || return 0
run gradle events gradle --no-daemon --console=plain test
run gradle quiet gradle --no-daemon --console=plain -Pquiet test --rerun-tasks
mkdir -p src/test/java/com/example/crash
cat >src/test/java/com/example/crash/CrashTest.java <<'J'
package com.example.crash;
public class CrashTest { @org.junit.Test public void exits() { Runtime.getRuntime().halt(3); } }
J
run gradle crash gradle --no-daemon --console=plain test
echo 'class Broken {' >src/test/java/Broken.java
run gradle broken gradle --no-daemon --console=plain test
