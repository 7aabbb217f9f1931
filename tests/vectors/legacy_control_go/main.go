// Makes tests/vectors/legacy-control-go.json: control packets as other Go programs could send
// them, with other type ids, more fields and nested interfaces, and what Go's own decoder makes of
// them. Not part of the build; to make the file anew (any Go from 1.18 on):
//
//	go run main.go > ../legacy-control-go.json
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/url"
	"os"
	"strconv"
	"time"
)

// What the original sends and expects.
type ReceivedEntry struct{ Bytes uint64 }
type ControlPacket struct {
	SeqNo    int
	Received map[int]ReceivedEntry
}

// One field of every kind of type that gob has.
type Extra struct {
	Bool       bool
	Int        int64
	Uint       uint32
	Float      float64
	Complex    complex128
	Bytes      []byte
	Str        string
	Array      [3]int16
	ByteArray  [4]byte
	Slice      []string
	Map        map[string][]float32
	Struct     Inner
	Iface      interface{}
	NilIface   interface{}
	IfaceSlice []interface{}
	Binary     time.Time
	Gob        *big.Int
	Text       *url.URL
	List       *Node
	Recursive  Recursive
	MapOfMaps  map[int]map[string]Inner
}
type Inner struct {
	X, Y int
	Z    interface{}
}
type Node struct {
	V    int
	Next *Node
}
type Recursive []Recursive
type Nest struct {
	I interface{}
	M map[string]interface{}
}
type Nodes struct{ A []Node }
type NodesOfNodes struct{ S []Nodes }
type Celsius float64

type WideEntry struct {
	Packets uint64
	Bytes   uint64
	Note    interface{}
}
type WideControl struct {
	Extra
	Received map[int]WideEntry
	A        Extra
	B        interface{}
	SeqNo    int
	C        string
}

type SeqNoUint struct{ SeqNo uint }
type ReceivedByName struct {
	SeqNo    int
	Received map[string]ReceivedEntry
}
type BytesSigned struct {
	SeqNo    int
	Received map[int]struct{ Bytes int64 }
}
type EntryNotStruct struct {
	SeqNo    int
	Received map[int]uint64
}
type NothingKnown struct{ Sequence int }
type OnlySeqNo struct{ SeqNo int }
type NoBytes struct {
	SeqNo    int
	Received map[int]struct{ Packets uint64 }
}

func extra(deep bool) Extra {
	e := Extra{
		true, -5, 4000000000, 3.25, complex(1, -2), []byte{1, 2, 3}, "héllo", [3]int16{1, 0, -1},
		[4]byte{0, 200, 3, 4}, []string{"", "a"}, map[string][]float32{"x": {1, 2}}, Inner{1, 0, nil},
		7, nil, []interface{}{1, "two", Celsius(3.5), Nodes{[]Node{{1, nil}}}}, time.Unix(1700000000, 5),
		big.NewInt(123456789), &url.URL{Scheme: "http", Host: "x"}, &Node{1, &Node{0, &Node{3, nil}}},
		Recursive{{}, {{}, {{}}}}, map[int]map[string]Inner{3: {"q": {4, 5, "z"}}},
	}
	if deep {
		nodes := NodesOfNodes{[]Nodes{{[]Node{{2, nil}}}, {}}}
		e.Iface = Nest{Nest{nodes, map[string]interface{}{"k": Inner{9, 9, Node{8, nil}}}}, nil}
	}
	return e
}

type vector struct {
	Name     string            `json:"name"`
	Accepted bool              `json:"accepted"`
	SeqNo    string            `json:"seqNo"`
	Received map[string]string `json:"received"`
	Hex      string            `json:"hex"`
}

func main() {
	for _, value := range []interface{}{Node{}, Nodes{}, NodesOfNodes{}, Nest{}, Inner{}, Celsius(0)} {
		gob.Register(value)
	}
	_ = gob.NewEncoder(&bytes.Buffer{}).Encode(extra(false)) // takes type ids, so that the rest gets others

	entries := map[int]WideEntry{1: {9, 1500, nil}, 2: {0, 0, Inner{1, 2, "deep"}}, 3: {1, 3000, "note"}}
	full := map[int]ReceivedEntry{}
	for id := 1; id <= 255; id++ {
		full[id] = ReceivedEntry{uint64(id) * 1000003}
	}
	odd := map[int]ReceivedEntry{-9: {5}, 0: {6}, 256: {7}, 255: {1<<64 - 1}}
	vectors := []vector{
		makeVector("other type ids", ControlPacket{77, map[int]ReceivedEntry{4: {1234567890123}}}),
		makeVector("nil map", ControlPacket{78, nil}),
		makeVector("nothing but zeros", ControlPacket{}),
		makeVector("least integer, odd link ids", ControlPacket{-1 << 63, odd}),
		makeVector("greatest integer", ControlPacket{1<<63 - 1, map[int]ReceivedEntry{}}),
		makeVector("255 entries", ControlPacket{12, full}),
		makeVector("more fields, interfaces", WideControl{extra(false), entries, Extra{}, nil, 5000, "end"}),
		makeVector("more fields, nested interfaces", WideControl{extra(true), entries, extra(true), Nest{1, nil}, 5001, "end"}),
		makeVector("a new type late", WideControl{Received: entries, B: Nest{Node{3, nil}, nil}, SeqNo: 5002}),
		makeVector("only SeqNo", OnlySeqNo{5}),
		makeVector("entries without Bytes", NoBytes{6, map[int]struct{ Packets uint64 }{1: {9}}}),
		makeVector("SeqNo unsigned", SeqNoUint{5}),
		makeVector("Received keyed by text", ReceivedByName{5, map[string]ReceivedEntry{"1": {5}}}),
		makeVector("Bytes signed", BytesSigned{5, map[int]struct{ Bytes int64 }{1: {5}}}),
		makeVector("entries not structs", EntryNotStruct{5, map[int]uint64{1: 5}}),
		makeVector("no field known", NothingKnown{5}),
		makeVector("a map", map[int]ReceivedEntry{1: {5}}),
		makeVector("an integer", 5),
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	_ = encoder.Encode(map[string]interface{}{
		"about": "Made by legacy_control_go/main.go with Go's encoding/gob. accepted, seqNo, received: " +
			"what Go's decoder makes of it, numbers as decimal strings.",
		"vectors": vectors,
	})
}

func makeVector(name string, value interface{}) vector {
	var stream bytes.Buffer
	if err := gob.NewEncoder(&stream).Encode(value); err != nil {
		panic(err)
	}
	var control ControlPacket
	err := gob.NewDecoder(bytes.NewReader(stream.Bytes())).Decode(&control)
	made := vector{name, err == nil, "0", map[string]string{}, hex.EncodeToString(stream.Bytes())}
	if err == nil {
		made.SeqNo = strconv.Itoa(control.SeqNo)
		for id, entry := range control.Received {
			made.Received[strconv.Itoa(id)] = strconv.FormatUint(entry.Bytes, 10)
		}
	}
	return made
}
