// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import com.google.protobuf.ByteString;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.grpc.MethodDescriptor;
import io.meshx.agent.identity.SvidQuery;
import java.io.InputStream;
import java.util.List;
import java.util.function.Function;

/**
 * One message of a stream, cut down to what the agent needs.
 *
 * <p>No private key gets this far unless the SVID is to be handed to its process. Every message
 * carries one; the agent's .proto files leave its field out, and the parser skips fields that it
 * does not know instead of keeping them. So the bytes of a key exist only in the transport's
 * buffers, and are never part of an object. {@link SvidQuery.Handed} alone is read by another
 * message that has the field.
 */
sealed interface Answer {
  /**
   * The complete list of SVIDs; what is not in it is not issued.
   *
   * @param svids in the order of the message
   */
  record Svids(List<Svid> svids) implements Answer {
    /** Keeps a copy. */
    public Svids {
      svids = List.copyOf(svids);
    }
  }

  /**
   * Not the message that was due. It is a value and no error, so that the stream goes on.
   *
   * @param why what is wrong with it
   */
  record Malformed(String why) implements Answer {}

  /**
   * An SVID as it came, not yet looked at.
   *
   * @param id its SPIFFE ID, unchecked
   * @param certificates DER, leaf first, at least the leaf; unchecked
   * @param roots DER of the trust bundle that came with it; empty if none did; unchecked
   * @param key its private key; empty unless that was asked for; unchecked
   */
  record Svid(String id, ByteString certificates, ByteString roots, ByteString key) {
    @Override
    public String toString() {
      return id;
    }
  }

  /**
   * Reads answers from the wire.
   *
   * @param parser the generated parser of the message
   * @param svids what the message says
   */
  static <M extends Message> MethodDescriptor.Marshaller<Answer> marshaller(
      Parser<M> parser, Function<M, List<Svid>> svids) {
    return new Marshaller<>(DiscardUnknownFieldsParser.wrap(parser), svids);
  }

  /**
   * Reads only.
   *
   * @param parser drops unknown fields
   * @param svids what the message says
   */
  record Marshaller<M extends Message>(Parser<M> parser, Function<M, List<Svid>> svids)
      implements MethodDescriptor.Marshaller<Answer> {
    @Override
    public InputStream stream(Answer value) {
      throw new UnsupportedOperationException("answers are only read");
    }

    @Override
    public Answer parse(InputStream stream) {
      try {
        return new Svids(svids.apply(parser.parseFrom(stream)));
      } catch (InvalidProtocolBufferException e) {
        return new Malformed("the message cannot be decoded: " + e.getMessage());
      }
    }
  }
}
