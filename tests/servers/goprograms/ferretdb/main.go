// A document store for tests and for sites without a registry: MongoDB's protocol on SQLite files.
// It is FerretDB as its embeddable package (telemetry off) behind a front that makes writes atomic.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	address := flag.String("listen", "127.0.0.1:27017", "TCP address to listen on")
	folder := flag.String("data", "data/", "existing folder of the SQLite files, with a closing slash")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(stop, *address, *folder, logger); err != nil {
		logger.Error("ended", "error", err)
		os.Exit(1)
	}
}

func run(stop context.Context, address, folder string, logger *slog.Logger) error {
	private, err := os.MkdirTemp("", "documents-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)
	socket := filepath.Join(private, "backend.sock")
	backend, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: "file:" + folder,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		<-stop.Done()
		listener.Close()
	}()
	ended := make(chan error, 1)
	go func() { ended <- backend.Run(stop) }()
	if err := (&front{backend: socket, logger: logger}).serve(listener); err != nil {
		return err
	}
	return <-ended
}
