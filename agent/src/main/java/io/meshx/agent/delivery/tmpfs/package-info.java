// SPDX-License-Identifier: Apache-2.0
/** SVIDs as files on a file system in memory; must not know what is planned. */
@NullMarked
package io.meshx.agent.delivery.tmpfs;

import org.jspecify.annotations.NullMarked;
