// Package rows
package rows
