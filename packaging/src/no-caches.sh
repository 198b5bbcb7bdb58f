# The runtime would go on running old code from the cache of another version's classes (JDK-8377932).
rm -f /usr/lib/meshx-agent/classes.aot /usr/lib/meshx-agent/classes.aot.new
rm -f /usr/lib/meshx-agent/runtime/lib/server/classes_coh.jsa
