// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugImage
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing
import Yams

@testable import SnugServer

/// The description of the API says what the server does.
@Suite struct OpenAPITests {
    private static func document(_ server: TestServer) async throws -> Node {
        let response = try await server.send("/openapi.yaml")
        #expect(response["content-type"] == "application/yaml; charset=utf-8")
        return try #require(try Yams.compose(yaml: response.text))
    }

    private static func keys(_ node: Node?) -> [String] { node?.mapping?.keys.compactMap(\.string) ?? [] }

    @Test("It has every address and method that is served, and no other")
    func routes() async throws {
        let bench = try await JobBench()
        let services = ServerServices(
            ServerConfiguration(), fitter: ImageFitter(), registry: PrometheusRegistry(), ledger: nil,
            jobs: ServerJobs(bench.daemon, ledger: bench.ledger), folder: nil)
        let served = Set(services.routes.map { "\($0.method.rawValue) \($0.path)" })
        try await withServer { server in
            let paths = try await Self.document(server)["paths"]
            let described = Self.keys(paths).flatMap { path in
                Self.keys(paths?[path]).filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
            }
            #expect(Set(described) == served)
        }
    }

    @Test("It has every parameter of a fit with the words that it takes, in each place that takes them")
    func parameters() async throws {
        try await withServer { server in
            let document = try await Self.document(server)
            let parameters = document["components"]?["parameters"]
            #expect(Set(Self.keys(parameters)) == Set(FitParameter.names))
            for parameter in FitParameter.all {
                let schema = parameters?[parameter.name]?["schema"]
                #expect(parameters?[parameter.name]?["name"]?.string == parameter.name)
                #expect(
                    (schema?["$ref"]?.string == "#/components/schemas/Flag") == parameter.isFlag, "\(parameter.name)")
                if parameter.name != "for" {
                    let words = schema?["enum"]?.sequence?.compactMap(\.string) ?? []
                    #expect(Set(words) == Set(parameter.choices), "\(parameter.name)")
                }
            }
            for path in ["/v1/fit", "/v1/inspect", "/shrink"] {
                let listed = document["paths"]?[path]?["post"]?["parameters"]?.sequence?.compactMap {
                    $0["$ref"]?.string
                }
                #expect(Set(listed ?? []) == Set(FitParameter.names.map { "#/components/parameters/\($0)" }))
            }
            for word in document["components"]?["schemas"]?["Flag"]?["enum"]?.sequence?.compactMap(\.string) ?? [] {
                _ = try ParameterText.flag(word)
            }
        }
    }

    @Test("Every reference leads somewhere, and every operation has a name of its own")
    func references() async throws {
        try await withServer { server in
            let document = try await Self.document(server)
            let text = try await server.send("/openapi.yaml").text
            for match in text.matches(of: /"#\/components\/([a-z]+)\/([A-Za-z0-9-]+)"/.ignoresCase()) {
                #expect(
                    document["components"]?[String(match.output.1)]?[String(match.output.2)] != nil, "\(match.output.0)"
                )
            }
            let names = text.matches(of: /operationId: ([a-z]+)/).map { String($0.output.1) }
            #expect(Set(names).count == names.count)
        }
    }

    @Test("Every object that a fit, an inspection or the list of profiles returns is as its schema says, key by key")
    func shapes() async throws {
        try await withServer { server in
            let document = try await Self.document(server)
            let schemas = SchemaCheck(document)
            let accept = [("Accept", "application/json")]
            #expect(schemas.faults(of: try await server.fit(TestImage.small, "", accept).json, by: "Report").isEmpty)
            let gray = try await server.fit(TestImage.small, "max-side=8&format=png", accept)
            #expect(schemas.faults(of: gray.json, by: "Report").isEmpty, "\(gray.text)")
            for query in ["", "for=bluesky", "max-side=8", "limit=10"] {
                let facts = try await server.send("POST", "/v1/inspect?\(query)", body: TestImage.small)
                #expect(schemas.faults(of: facts.json, by: "Inspection").isEmpty, "\(facts.text)")
            }
            for profile in try await server.send("/v1/profiles").json["profiles"]?.elements ?? [] {
                #expect(schemas.faults(of: profile, by: "Profile").isEmpty)
            }
            let shrunk = try await server.send("POST", "/shrink", body: TestImage.small)
            #expect(schemas.faults(of: shrunk.json, by: "Shrunk").isEmpty, "\(shrunk.text)")
            #expect(schemas.faults(of: try await server.fit([1]).json, by: "Error").isEmpty)
            // A status is a text there, and a subscript would look for the number.
            let responses = document["paths"]?["/v1/fit"]?["post"]?["responses"]?.mapping
            let fields = responses?.first { $0.key.string == "200" }?.value["headers"]
            for key in ReportFields.keys { #expect(fields?[ReportFields.name(of: key)] != nil, "\(key)") }
        }
    }

    @Test("A job, the counts and a pause are as their schemas say, key by key")
    func jobShapes() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let schemas = SchemaCheck(try await Self.document(server))
            let response = try await server.send("POST", "/v1/jobs", body: TestImage.small)
            let job = try #require(response.json["jobs"]?.elements.first)
            #expect(schemas.faults(of: job, by: "Job").isEmpty && job["is_new"] != nil, "\(response.text)")
            let all = try await server.send("/v1/jobs/\(job["id"]?.text ?? "")")
            #expect(schemas.faults(of: all.json, by: "Job").isEmpty && all.json["history"] != nil, "\(all.text)")
            let holds = try await server.send("POST", "/v1/pauses?folder=elsewhere&until=2h").json["holds"]?.elements
            #expect(try schemas.faults(of: #require(holds?.first), by: "Hold").isEmpty)
            let books = try await server.send("/v1/books")
            #expect(schemas.faults(of: books.json, by: "Books").isEmpty, "\(books.text)")
        }
    }

    @Test("The check of schemas finds keys that are missing or not described, and values of other types")
    func schemaCheck() throws {
        let document = try #require(
            try Yams.compose(
                yaml: """
                    components:
                      schemas:
                        A:
                          type: object
                          required: [n, e]
                          properties:
                            n: {type: [integer, "null"]}
                            e: {enum: [x, null]}
                            l: {type: array, items: {$ref: "#/components/schemas/B"}}
                            o: {anyOf: [{$ref: "#/components/schemas/B"}, {type: "null"}]}
                        B: {type: boolean}
                    """))
        let check = SchemaCheck(document)
        func faults(_ text: String) -> [String] { check.faults(of: .orText(text), by: "A") }
        #expect(faults(#"{"n":null,"e":null,"l":[true],"o":null}"#).isEmpty)
        #expect(faults(#"{"n":1,"e":"x","o":true}"#).isEmpty)
        #expect(faults(#"{"n":1}"#) == ["A.e is missing"] && faults("[]") == ["A is no object"])
        #expect(faults(#"{"n":1.5,"e":"x"}"#) == ["A.n is no integer, null"])
        #expect(faults(#"{"n":1,"e":"y","k":1}"#) == ["A.e has another value", "A.k is not described"])
        #expect(faults(#"{"n":1,"e":"x","l":[1],"o":3}"#) == ["A.l.0 is no boolean", "A.o is none of its kinds"])
    }
}
