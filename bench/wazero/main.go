// Runs the benchmark's plugins in Wazero: the other side of bench/candidates/wazero.ts.
//
//	wazero TIMEOUT
//
// TIMEOUT is that of every call, in milliseconds. It reads questions from standard input, a JSON object each, and answers each with another on
// standard output, as soon as it is done. What is measured is measured here, so that the way through the pipes is in no figure.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

type question struct {
	ID        int    `json:"id"`
	Operation string `json:"operation"`
	// Which plugin, by the number under which it was loaded.
	Plugin int `json:"plugin"`
	// Of a module that is to be loaded: base64 in JSON.
	Bytes    []byte `json:"bytes"`
	Text     string `json:"text"`
	Left     int32  `json:"left"`
	Right    int32  `json:"right"`
	Times    int    `json:"times"`
	InFlight int    `json:"inFlight"`
	Runaways int    `json:"runaways"`
	Callers  int    `json:"callers"`
	// For how long, in milliseconds.
	Duration int `json:"duration"`
}

type answer struct {
	ID int `json:"id"`
	// A number or a text.
	Value any `json:"value"`
	// Nanoseconds.
	Took  time.Duration `json:"took"`
	Error string        `json:"error"`
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve ends with its input, whatever still runs then.
func serve() error {
	if len(os.Args) != 2 {
		return errors.New("usage: wazero TIMEOUT")
	}
	milliseconds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		return err
	}
	h := newHost(time.Duration(milliseconds) * time.Millisecond)
	questions, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	var writing sync.Mutex
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		go func() {
			a := answer{ID: q.ID}
			var err error
			if a.Value, a.Took, err = h.answer(q); err != nil {
				a.Error = err.Error()
			}
			writing.Lock()
			defer writing.Unlock()
			if err := answers.Encode(a); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
}

func (h *host) answer(q question) (value any, took time.Duration, err error) {
	switch q.Operation {
	case "plugin":
		return nil, 0, h.keep(q.Plugin, q.Bytes)
	case "drop":
		return nil, 0, h.drop(q.Plugin)
	case "load":
		took, err = h.load(q.Bytes)
		return nil, took, err
	case "held":
		value, err = held()
		return value, 0, err
	}
	p, err := h.plugin(q.Plugin)
	if err != nil {
		return nil, 0, err
	}
	switch q.Operation {
	case "hang":
		took, err = p.hang()
		return nil, took, err
	case "recover":
		return p.recover(q.Left, q.Right)
	case "beside":
		return h.beside(p, q)
	default:
		return p.many(q)
	}
}
