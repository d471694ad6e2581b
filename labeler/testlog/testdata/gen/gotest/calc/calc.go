package calc

// Add exists for its example.
func Add() {}
