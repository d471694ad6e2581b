// Package resident says how much memory processes have been resident with at
// most, which is what a machine must have, where the system tells (/proc of
// Linux). It measures nothing itself and never fails: 0 means that nobody knows.
package resident
