// SPDX-License-Identifier: Apache-2.0

// Test code: plays linkerd2-proxy, Linkerd's control plane and a workload.
module meshx.io/stand-in

go 1.26
