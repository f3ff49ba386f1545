package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
)

// MongoDB promises that a write to one document is atomic: of two updates that filter by the same
// version, one wins. FerretDB 1.24 on SQLite finds first and writes after, so both win. The front
// stands before it, reads each message and lets one writing command through at a time.

const (
	headerSize  = 16
	opMsg       = 2013
	moreToCome  = 1 << 1
	maxMessage  = 48 * 1024 * 1024
	nameMaximum = 64
)

var writingCommands = map[string]bool{
	"insert": true, "update": true, "delete": true, "findAndModify": true, "findandmodify": true,
	"create": true, "createIndexes": true, "drop": true, "dropDatabase": true, "dropIndexes": true,
	"collMod": true, "renameCollection": true,
}

type front struct {
	backend string // path of FerretDB's Unix socket
	writes  sync.Mutex
	logger  *slog.Logger
}

// serve accepts clients until the listener is closed.
func (f *front) serve(listener net.Listener) error {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer client.Close()
			if err := f.handle(client); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				f.logger.Debug("connection ended", "error", err)
			}
		}()
	}
}

func (f *front) handle(client net.Conn) error {
	backend, err := net.Dial("unix", f.backend)
	if err != nil {
		return err
	}
	defer backend.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return err
		}
		if err := f.exchange(request, client, backend); err != nil {
			return err
		}
	}
}

// exchange sends one request and passes on its answers; writing commands wait for their turn.
func (f *front) exchange(request []byte, client io.Writer, backend io.ReadWriter) error {
	if writingCommands[commandName(request)] {
		f.writes.Lock()
		defer f.writes.Unlock()
	}
	if _, err := backend.Write(request); err != nil {
		return err
	}
	if flags(request)&moreToCome != 0 {
		return nil // an unacknowledged write has no answer
	}
	for {
		answer, err := readMessage(backend)
		if err != nil {
			return err
		}
		if _, err := client.Write(answer); err != nil {
			return err
		}
		if flags(answer)&moreToCome == 0 {
			return nil
		}
	}
}

func readMessage(source io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(source, length[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(length[:])
	if size < headerSize || size > maxMessage {
		return nil, errors.New("message length out of range")
	}
	message := make([]byte, size)
	copy(message, length[:])
	_, err := io.ReadFull(source, message[4:])
	return message, err
}

func flags(message []byte) uint32 {
	if binary.LittleEndian.Uint32(message[12:]) != opMsg || len(message) < headerSize+4 {
		return 0
	}
	return binary.LittleEndian.Uint32(message[headerSize:])
}

// commandName is the first key of an OP_MSG's body: header, flags, section kind 0, BSON length, type, key.
func commandName(message []byte) string {
	const key = headerSize + 4 + 1 + 4 + 1
	if binary.LittleEndian.Uint32(message[12:]) != opMsg || len(message) <= key || message[headerSize+4] != 0 {
		return ""
	}
	name := message[key:min(len(message), key+nameMaximum)]
	end := bytes.IndexByte(name, 0)
	if end < 0 {
		return ""
	}
	return string(name[:end])
}
