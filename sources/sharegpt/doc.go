// Package sharegpt
package sharegpt
