# Maven with Surefire 3 and 2: classes, their failures, a JVM that dies, one that
# hangs, sources that do not compile, and a trace of the command as a shell gives it.
need mvn java || return 0
mvn -q -B dependency:go-offline >/dev/null 2>&1
traced() { sh -xc "$1"; }
run maven surefire3 mvn -o -B -ntp test -Dtest='com.example.shop.*'
run maven surefire2 mvn -o -B -ntp test -Dtest='com.example.shop.*' -Dsurefire.version=2.22.2
run maven plain3 mvn -o -B -ntp test -Dtest='com.example.shop.*' -Dsurefire.reportFormat=plain -Dsurefire.useFile=false
run maven plain2 mvn -o -B -ntp test -Dtest='com.example.shop.*' -Dsurefire.version=2.22.2 -Dsurefire.reportFormat=plain -Dsurefire.useFile=false
run maven colour mvn -o -ntp -Dstyle.color=always test -Dtest='com.example.shop.*'
run maven crash mvn -o -B -ntp test -Dtest='CrashTest'
run maven hang mvn -o -B -ntp test -Dtest='HangTest' -Dsurefire.timeout=2
run maven none mvn -o -B -ntp test -Dtest='Absent'
run maven traced traced 'mvn -o -B -ntp test -Dtest=PlainTest; mvn -o -B -ntp test -Dtest=CartTest#fails'
cat target/surefire-reports/TEST-*.xml >"$out/junit/surefire.log"
sed -i -e "s#$work#/build#g" -e "s#$HOME#/home/user#g" "$out/junit/surefire.log"
mkdir -p src/main/java && echo 'class Broken {' >src/main/java/Broken.java
run maven broken mvn -o -B -ntp test
