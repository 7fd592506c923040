// The first step to a server: it listens, says where, and greets. Nobody can enter.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Args[1], os.Args[2]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERRO 05", err)
		os.Exit(5)
	}
	fmt.Println("listening at", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go func() {
			defer connection.Close()
			fmt.Fprint(connection, "BATEPAPO 1 my-server\n")
			io.Copy(io.Discard, connection) // octets, not lines: the next step
		}()
	}
}
