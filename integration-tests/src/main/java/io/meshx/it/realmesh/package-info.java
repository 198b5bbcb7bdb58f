// SPDX-License-Identifier: Apache-2.0
/**
 * A mesh of real parts, in place of the stand-ins: Linkerd's proxy and controllers, and a
 * Kubernetes API without nodes. Their programs are in no registry; whoever has them names them.
 */
@NullMarked
package io.meshx.it.realmesh;

import org.jspecify.annotations.NullMarked;
