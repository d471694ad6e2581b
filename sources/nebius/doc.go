// Package nebius
package nebius
