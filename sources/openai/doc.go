// Package openai
package openai
