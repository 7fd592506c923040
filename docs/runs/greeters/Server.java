import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;

/** The first step to a server: it listens, says where, and greets. Nobody can enter. */
class Server {
    public static void main(String[] args) throws IOException {
        var address = InetAddress.getByName(args[0]);
        try (var listener = new ServerSocket(Integer.parseInt(args[1]), 50, address)) {
            var shown = args[0].contains(":") ? "[" + args[0] + "]" : args[0];
            System.out.println("listening at " + shown + ":" + listener.getLocalPort());
            while (true) {
                try (var connection = listener.accept()) {
                    var greeting = "BATEPAPO 1 my-server\n";
                    connection.getOutputStream().write(greeting.getBytes(StandardCharsets.US_ASCII));
                    connection.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException lost) {
                    // one lost connection does not end the server
                }
            }
        }
    }
}
