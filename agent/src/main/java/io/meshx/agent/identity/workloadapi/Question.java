// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.model.Selector;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.proto.delegatedidentity.DelegatedIdentityGrpc;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsRequest;
import io.meshx.agent.proto.delegatedidentity.SubscribeToX509SVIDsResponse;
import io.meshx.agent.proto.handed.SvidsWithKeys;
import io.meshx.agent.proto.spire.SPIFFEID;
import io.meshx.agent.proto.spire.X509SVID;
import io.meshx.agent.proto.workloadapi.SpiffeWorkloadAPIGrpc;
import io.meshx.agent.proto.workloadapi.X509SVIDRequest;
import io.meshx.agent.proto.workloadapi.X509SVIDResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A stream to ask for, and what the ways in which it is refused mean.
 *
 * @param expected the SPIFFE ID that is wanted
 * @param socket path of the socket that is asked
 * @param channel a channel to it
 * @param method the call
 * @param request its only request
 * @param nothing what an empty list of SVIDs means, in words
 * @param denied what PERMISSION_DENIED means, by the words that came with it
 */
record Question<Q>(
    SpiffeId expected,
    Path socket,
    ManagedChannel channel,
    MethodDescriptor<Q, Answer> method,
    Q request,
    String nothing,
    Function<String, SvidState> denied) {
  /**
   * Must be on every call to the Workload API; the Delegated Identity API ignores it.
   *
   * @see <a href="https://spiffe.io/docs/latest/spiffe-specs/spiffe_workload_endpoint/">SPIFFE
   *     Workload Endpoint, section 5</a>
   */
  private static final Metadata.Key<String> SECURITY_HEADER =
      Metadata.Key.of("workload.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

  private static final MethodDescriptor<X509SVIDRequest, Answer> FETCH =
      withAnswers(
          SpiffeWorkloadAPIGrpc.getFetchX509SVIDMethod(),
          Answer.marshaller(X509SVIDResponse.parser(), Question::svids));

  private static final MethodDescriptor<SubscribeToX509SVIDsRequest, Answer> SUBSCRIBE =
      withAnswers(
          DelegatedIdentityGrpc.getSubscribeToX509SVIDsMethod(),
          Answer.marshaller(SubscribeToX509SVIDsResponse.parser(), Question::svids));

  private static final MethodDescriptor<SubscribeToX509SVIDsRequest, Answer> SUBSCRIBE_WITH_KEYS =
      withAnswers(
          DelegatedIdentityGrpc.getSubscribeToX509SVIDsMethod(),
          Answer.marshaller(SvidsWithKeys.parser(), Question::svids));

  /** Asks the Workload API for the SVIDs of this process. */
  static Question<X509SVIDRequest> of(SvidQuery.Own query, Path socket, ManagedChannel channel) {
    return new Question<>(
        query.expected(),
        socket,
        channel,
        FETCH,
        X509SVIDRequest.getDefaultInstance(),
        "the list of SVIDs is empty",
        SvidState.None::new);
  }

  /**
   * Asks the Delegated Identity API for the SVIDs of a process with some selectors. Here a refusal
   * is about the agent, and says nothing of the SVID.
   */
  static Question<SubscribeToX509SVIDsRequest> of(
      SvidQuery.Delegated query, Path socket, ManagedChannel channel) {
    return ofAnother(query.expected(), query.selectors(), SUBSCRIBE, socket, channel);
  }

  /** The same, with the private key. */
  static Question<SubscribeToX509SVIDsRequest> of(
      SvidQuery.Handed query, Path socket, ManagedChannel channel) {
    return ofAnother(query.expected(), query.selectors(), SUBSCRIBE_WITH_KEYS, socket, channel);
  }

  private static Question<SubscribeToX509SVIDsRequest> ofAnother(
      SpiffeId expected,
      SortedSet<Selector> selectors,
      MethodDescriptor<SubscribeToX509SVIDsRequest, Answer> method,
      Path socket,
      ManagedChannel channel) {
    SubscribeToX509SVIDsRequest.Builder request = SubscribeToX509SVIDsRequest.newBuilder();
    for (Selector selector : selectors) {
      request.addSelectorsBuilder().setType(selector.type()).setValue(selector.value());
    }
    return new Question<>(
        expected,
        socket,
        channel,
        method,
        request.build(),
        "no SVID for selectors " + words(selectors),
        answer ->
            new SvidState.Unreachable(
                "socket '" + socket + "' does not let the agent ask for others: " + answer));
  }

  /** Asks. The listener hears of everything on the channel's executor. */
  ClientCall<Q, Answer> ask(ClientCall.Listener<Answer> listener) {
    ClientCall<Q, Answer> call = channel.newCall(method, CallOptions.DEFAULT);
    Metadata headers = new Metadata();
    headers.put(SECURITY_HEADER, "true");
    call.start(listener, headers);
    call.request(Integer.MAX_VALUE);
    call.sendMessage(request);
    call.halfClose();
    return call;
  }

  private static <Q> MethodDescriptor<Q, Answer> withAnswers(
      MethodDescriptor<Q, ?> method, MethodDescriptor.Marshaller<Answer> answers) {
    return method.toBuilder(method.getRequestMarshaller(), answers).build();
  }

  private static List<Answer.Svid> svids(X509SVIDResponse message) {
    return message.getSvidsList().stream()
        .map(svid ->
            new Answer.Svid(
                svid.getSpiffeId(), svid.getX509Svid(), svid.getBundle(), ByteString.EMPTY))
        .toList();
  }

  private static List<Answer.Svid> svids(SubscribeToX509SVIDsResponse message) {
    return message.getX509SvidsList().stream()
        .map(with -> svid(with.getX509Svid(), ByteString.EMPTY))
        .toList();
  }

  private static List<Answer.Svid> svids(SvidsWithKeys message) {
    return message.getX509SvidsList().stream()
        .map(with -> svid(with.getX509Svid(), with.getX509SvidKey()))
        .toList();
  }

  private static Answer.Svid svid(X509SVID svid, ByteString key) {
    SPIFFEID id = svid.getId();
    return new Answer.Svid(
        "spiffe://" + id.getTrustDomain() + id.getPath(),
        ByteString.copyFrom(svid.getCertChainList()),
        ByteString.EMPTY,
        key);
  }

  private static String words(SortedSet<Selector> selectors) {
    return selectors.stream().map(Selector::toString).collect(Collectors.joining(" "));
  }
}
