package node_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/testnodes"
)

// liar stands between a client and a node and changes answers.
type liar struct {
	t      *testing.T
	target *url.URL
	user   string
	secret string

	mu sync.Mutex
	// lie gets a method (or "rest") and the node's result, and returns what
	// to say instead. Nil says that the node does not know.
	lie func(method string, result []byte) []byte
}

func newLiar(t *testing.T, n *testnodes.Node) (*liar, string) {
	target, err := url.Parse(n.URL)
	require.NoError(t, err)
	l := &liar{t: t, target: target, user: n.User, secret: n.Password}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return l, server.URL
}

func (l *liar) tell(lie func(string, []byte) []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lie = lie
}

func (l *liar) say(method string, result []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lie == nil {
		return result
	}
	return l.lie(method, result)
}

type rpcMessage struct {
	Version string          `json:"jsonrpc,omitempty"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	forward, err := http.NewRequestWithContext(r.Context(), r.Method, l.target.JoinPath(r.URL.Path).String(), bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	forward.SetBasicAuth(l.user, l.secret)
	forward.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(forward)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/rest/") {
		if answer.StatusCode == http.StatusOK {
			data = l.say("rest", data)
		}
	} else {
		data = l.change(body, data)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(data)
}

// change changes the results in an answer to a request or a batch.
func (l *liar) change(asked, data []byte) []byte {
	var requests, answers []rpcMessage
	single := len(asked) > 0 && asked[0] == '{'
	if single {
		requests, answers = make([]rpcMessage, 1), make([]rpcMessage, 1)
		if json.Unmarshal(asked, &requests[0]) != nil || json.Unmarshal(data, &answers[0]) != nil {
			return data
		}
	} else if json.Unmarshal(asked, &requests) != nil || json.Unmarshal(data, &answers) != nil {
		return data
	}
	methods := make(map[string]string)
	for _, request := range requests {
		methods[string(request.ID)] = request.Method
	}
	for i := range answers {
		a := &answers[i]
		if string(a.Error) != "null" && a.Error != nil {
			continue
		}
		if a.Result = l.say(methods[string(a.ID)], a.Result); a.Result == nil {
			a.Error = json.RawMessage(`{"code":-5,"message":"never heard of it"}`)
		}
	}
	var err error
	if single {
		data, err = json.Marshal(answers[0])
	} else {
		data, err = json.Marshal(answers)
	}
	if err != nil {
		return []byte("this was to be JSON")
	}
	return data
}
