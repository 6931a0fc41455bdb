// SPDX-License-Identifier: Apache-2.0

// Command verifylog checks a published log with golang.org/x/mod/sumdb alone: the signed notes, a
// cosignature, entries against their bundles, and inclusion and consistency computed from the tiles as
// well as the proofs that the log's own program wrote.
//
//	verifylog DIR ORIGIN LOG-VKEY COSIGNER-VKEY SIZE...
//
// DIR holds checkpoint.<size>, receipt.<size> (a tlog-proof), consistency.<old>-<size> (a hash a line) and
// the tiles. The first thing that is wrong ends the program with a sentence and status 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosigner verifies type 04 of C2SP tlog-cosignature, which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	stated := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(stated), sig[8:])
}

func parseCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("the cosigner's key has not three parts")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("the cosigner's key is not of type 04")
	}
	return &cosigner{parts[0], uint32(hash), key[1:]}, nil
}

// files reads tiles where C2SP tlog-tiles puts them: as x/mod does, but without the height in the path.
type files struct{ dir string }

func (f files) Height() int                         { return 8 }
func (f files) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(f.dir, path))
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path, len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

func (f files) entry(index, size int64) ([]byte, error) {
	tile := tlog.Tile{H: 8, L: 0, N: index / 256, W: 256}
	if (tile.N+1)*256 > size {
		tile.W = int(size % 256)
	}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
	data, err := os.ReadFile(filepath.Join(f.dir, path))
	if err != nil {
		return nil, err
	}
	for skip := index % 256; ; skip-- {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s is cut short", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if skip == 0 {
			return data[2:end], nil
		}
		data = data[end:]
	}
}

func (f files) hashes(lines []string) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, line := range lines {
		if line == "" {
			continue
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		all = append(all, hash)
	}
	return all, nil
}

func openCheckpoint(data []byte, origin string, verifiers ...note.Verifier) (tlog.Tree, error) {
	signed, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(signed.Sigs) != len(verifiers) {
		return tlog.Tree{}, fmt.Errorf("%d of %d known keys signed", len(signed.Sigs), len(verifiers))
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return tlog.Tree{}, errors.New("the note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func (f files) checkReceipt(origin string, size int64, verifiers ...note.Verifier) error {
	data, err := os.ReadFile(filepath.Join(f.dir, fmt.Sprintf("receipt.%d", size)))
	if err != nil {
		return err
	}
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("the receipt is no tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(checkpoint, origin, verifiers...)
	if err != nil {
		return err
	}
	hashes, err := f.hashes(lines[2:])
	if err != nil {
		return err
	}
	entry, err := f.entry(index, size)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func (f files) checkEntries(tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, f)
	for _, index := range []int64{0, tree.N / 3, tree.N / 2, tree.N - 1} {
		entry, err := f.entry(index, tree.N)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return nil
}

func (f files) checkGrowth(old, tree tlog.Tree) error {
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, f))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(f.dir, fmt.Sprintf("consistency.%d-%d", old.N, tree.N)))
	if err != nil {
		return err
	}
	given, err := f.hashes(strings.Split(string(data), "\n"))
	if err != nil {
		return err
	}
	return tlog.CheckTree(given, tree.N, tree.Hash, old.N, old.Hash)
}

func verify(dir, origin, logKey, cosignerKey string, sizes []string) error {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return err
	}
	witness, err := parseCosigner(cosignerKey)
	if err != nil {
		return err
	}
	f := files{dir}
	var seen []tlog.Tree
	for _, size := range sizes {
		data, err := os.ReadFile(filepath.Join(dir, "checkpoint."+size))
		if err != nil {
			return err
		}
		tree, err := openCheckpoint(data, origin, log, witness)
		if err != nil {
			return fmt.Errorf("checkpoint %s: %w", size, err)
		}
		if strconv.FormatInt(tree.N, 10) != size {
			return fmt.Errorf("checkpoint %s is of size %d", size, tree.N)
		}
		if err := f.checkEntries(tree); err != nil {
			return fmt.Errorf("size %s: %w", size, err)
		}
		if err := f.checkReceipt(origin, tree.N, log, witness); err != nil {
			return fmt.Errorf("receipt %s: %w", size, err)
		}
		for _, old := range seen {
			if err := f.checkGrowth(old, tree); err != nil {
				return fmt.Errorf("from %d to %s: %w", old.N, size, err)
			}
		}
		seen = append(seen, tree)
		fmt.Println("verified", size)
	}
	return nil
}

func main() {
	if len(os.Args) < 6 {
		fmt.Fprintln(os.Stderr, "usage: verifylog DIR ORIGIN LOG-VKEY COSIGNER-VKEY SIZE...")
		os.Exit(2)
	}
	if err := verify(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
