// Package verifier
package verifier
