package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// serveMetrics serves a page of metrics at an address until stop is called. An
// address without a host is on loopback: the page needs no password.
func (a *app) serveMetrics(address string, page http.Handler) (stop func(), err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("--metrics-listen %s: want HOST:PORT or :PORT: %v", address, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 14}
	go s.Serve(ln) // ends when it is closed
	a.logger().Info("metrics are served", "url", "http://"+ln.Addr().String()+"/metrics")
	return func() { _ = s.Close() }, nil
}
