# Maven with Surefire 3 and 2: classes, their failures, a JVM that dies, one that
# hangs, sources that do not compile, and a trace of the command as a shell gives it.
need mvn java || return 0
for v in 3.2.5 2.22.2; do mvn -q -B test -Dtest=PlainTest -Dsurefire.version=$v >/dev/null 2>&1; done
traced() { sh -xc "$1"; }
run maven surefire3 mvn -B -ntp test -Dtest='com/example/shop/*Test'
run maven surefire2 mvn -B -ntp test -Dtest='com/example/shop/*Test' -Dsurefire.version=2.22.2
run maven plain3 mvn -B -ntp test -Dtest='com/example/shop/*Test' -Dsurefire.reportFormat=plain -Dsurefire.useFile=false
run maven plain2 mvn -B -ntp test -Dtest='com/example/shop/*Test' -Dsurefire.version=2.22.2 -Dsurefire.reportFormat=plain -Dsurefire.useFile=false
run maven colour mvn -ntp -Dstyle.color=always test -Dtest='com/example/shop/*Test'
run maven crash mvn -B -ntp test -Dtest='CrashTest'
run maven hang mvn -B -ntp test -Dtest='HangTest' -Dsurefire.timeout=2
run maven none mvn -B -ntp test -Dtest='Absent'
run maven traced traced 'mvn -B -ntp test -Dtest=PlainTest; mvn -B -ntp test -Dtest=CartTest#fails'
reports() { sed '/<property /d' target/surefire-reports/TEST-*.xml; } # without the facts of this machine
run junitxml surefire reports
mkdir -p src/main/java && echo 'class Broken {' >src/main/java/Broken.java
run maven broken mvn -B -ntp test
