// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import FoundationEssentials
import Glibc
import SnugSimulator

@main
struct SnugSimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snug-simulator",
        abstract:
            "Serves Elumenta, Pollinations and an OpenAI-compatible images API on loopback, with faults to order.",
        discussion: """
            Prints the address of every service, one a line, and serves until interrupted. Keys that work: Elumenta \
            \(ElumentaAccount.key("elite")) (no limits) and \(ElumentaAccount.key("vip")); Pollinations sk_paid, pk_site, \
            sk_free; OpenAI sk-main, sk-second.

            FAULTS
            A rule is JSON: which requests, and what goes wrong. Members left out match everything; 'times' defaults to \
            1, null means for ever.
              {"service": "elumenta", "method": "POST", "path": "/api/v2/generate", "connection": "fresh",
               "skip": 0, "times": 2, "fault": {"answer": {"status": {"code": 503}},
               "hints": [{"retryAfter": {"text": "1"}}]}}
            Rules come from --script FILE (one, or a list) or are posted to the admin address; a single request brings \
            its own fault in the header X-Snug-Fault: {"request": {"closeAfterBody": {}}, "takesEffect": true}.

              answer    status{code}, named{code}, custom{status,contentType,body}, html{status}, empty{status},
                        wrongShape{status}, truncatedJSON{status}, huge{status,bytes}, echoesKey{status},
                        redirect{status,location}
              hints     retryAfter{text}, retryAfterDate{seconds}, retryAfterMilliseconds{text},
                        bodyRetryAfter{seconds}, bodyRetryAfterSeconds{seconds}, bodyRetryDelay{text},
                        shouldRetry{value}, resetRequests{text}, resetHour{seconds}
              headers   {"Name": "value"}, added to the response
              request   stallAfterHeaders, stallAfter{bytes}, resetAfter{bytes}, closeAfterBody, resetAfterBody,
                        stallAfterBody, answerEarly{after,then: close|halfClose|reset}, ignoreExpect, refuseExpect
              delivery  stallInHeaders, stallAfter{bytes}, closeAfter{bytes}, resetAfter{bytes},
                        chunkedWithoutEnd{thenClose}, contentLength{offBy}, untilClose, gzipBomb{unpackedBytes},
                        drip{bytes,milliseconds}, refuseStream, goAway (the last two over HTTP/2)
              delay     milliseconds before the response
              job       pendingPolls, outcome (completed, failed{text}, unknownWord{word}, neverEnds),
                        identifier (integer, prefixed), padding, urlLifetime, redirects, acceptsRanges, duration,
                        picture (asAsked, wrongFormat, truncated, html, json, empty), stream{cutsBeforeCompleted,
                        comments, multilineData, splitsCharacters, carriageReturns}
              takesEffect  whether the provider acts, and charges, although its response is replaced or lost

            ADMIN ADDRESS
              GET /           the addresses            GET /requests   what arrived, credentials taken out
              GET /ledger     generations and charges  GET /rules      the rules still in force
              POST /rules     a rule or a list         DELETE /rules   drops them
              POST /clock     {"advance": 3600}: the providers' clock, for rate windows and expiry
              POST /connections  {"fault": "neverRead" | "close" | "reset", "service": …, "times": 1}
              DELETE /requests   forgets requests and charges
            """)

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The first of eleven consecutive ports; the admin endpoint has it. Default: ports that are free.")
    var port: Int?

    @Option(help: ArgumentHelp("Rules to begin with.", valueName: "file"))
    var script: String?

    @Option(help: ArgumentHelp("The length of Elumenta's hour window.", valueName: "seconds"))
    var hour = 3600

    @Option(help: ArgumentHelp("The length of Elumenta's day window.", valueName: "seconds"))
    var day = 86_400

    @Option(help: "What the OpenAI-compatible vendor makes of Idempotency-Key: ignored, replay or rejectDuplicate.")
    var idempotency = OpenAISettings.Idempotency.ignored

    @Flag(help: "Print the addresses as one JSON object.")
    var json = false

    func validate() throws {
        if let port, !(1...65_525).contains(port) { throw ValidationError("--port must be 1 to 65525.") }
        guard hour > 0, day > 0 else { throw ValidationError("--hour and --day must be at least 1 second.") }
    }

    func run() async throws {
        let rules = try script.map { Array(try Data(contentsOf: URL(filePath: $0))) }
        let configuration = Simulator.Configuration(
            host: host, firstPort: port, elumenta: ElumentaSettings(hour: hour, day: day),
            openAI: OpenAISettings(idempotency: idempotency))
        let simulator = try await Simulator.start(configuration)
        if let rules {
            do {
                try simulator.script(json: rules)
            } catch {
                await simulator.stop()
                throw ValidationError("\(script ?? ""): \(error)")
            }
        }
        print(try json ? jsonText(simulator.addresses) : table(simulator.addresses))
        // Whoever started us reads the addresses through a pipe, which is buffered.
        fflush(nil)
        await simulator.run()
    }

    private func jsonText(_ addresses: Addresses) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(addresses), as: UTF8.self)
    }

    private func table(_ addresses: Addresses) -> String {
        var lines = ServiceName.allCases.map { ($0.rawValue, addresses[$0]) }
        lines += ServiceName.allCases.map { ("\($0.rawValue) (HTTP/2)", addresses.http2[$0] ?? "") }
        lines += [
            ("never accepts", addresses.neverAccepts), ("refuses", addresses.refuses), ("admin", addresses.admin),
        ]
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }.joined(separator: "\n")
    }
}

extension OpenAISettings.Idempotency: ExpressibleByArgument {}
