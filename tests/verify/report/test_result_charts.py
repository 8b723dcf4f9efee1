"""The charts and figures of a result."""

from __future__ import annotations

from dataclasses import replace

import results

from cifarx.verify.report.result_charts import (
    accuracy_chart,
    class_chart,
    layer_chart,
    layer_figures,
    number,
)


def test_the_worst_engine_stands_for_a_layer() -> None:
    chart = layer_chart(results.different())
    assert chart is not None
    assert [(row.name, row.figure, row.failed) for row in chart.rows] == [
        ("conv1", "5e+04", True),
        ("relu1", "0", False),
        ("fc", "∞", True),
    ]
    assert [name for _, name in chart.legend] == ["pytorch 2.9", "onnxruntime 1.23"]


def test_a_layer_that_an_engine_did_not_give_is_not_compared() -> None:
    result = results.sound()
    pytorch, engine, _ = result.engines
    engines = tuple(replace(e, layers=e.layers[:2]) for e in (pytorch, engine))
    result = replace(result, engines=engines)
    chart = layer_chart(result)
    assert chart is not None
    assert chart.rows[2].figure == "not compared"
    assert layer_figures(result)[2] == (
        "fc",
        ["ReLULayer", "net.fc", "/fc", "fc", "not compared", "not compared"],
    )


def test_without_layers_there_is_no_chart() -> None:
    assert layer_chart(replace(results.sound(), engines=())) is None


def test_another_algorithm_is_noted() -> None:
    result = results.sound()
    first = replace(result.engines[1].layers[0], algorithm="winograd")
    engine = replace(result.engines[1], layers=(first, *result.engines[1].layers[1:]))
    chart = layer_chart(replace(result, engines=(result.engines[0], engine)))
    assert chart is not None
    assert chart.rows[0].note == "ReLU; winograd in onnxruntime"


def test_accuracy_by_engine_and_by_class() -> None:
    report = results.accuracy(4, 9, 30)  # of classes 1, 0, 0, which have 20 images each
    rows = {row.name: row for row in accuracy_chart(report).rows}
    assert (rows["pytorch"].figure, rows["pytorch"].failed) == ("100.00%", False)
    assert (rows["onnxruntime"].figure, rows["onnxruntime"].failed) == ("95.00%", True)
    assert rows["onnxruntime"].note == "57 of 60 right"
    by_class = {row.name: row.figure for row in class_chart(report, results.CLASSES).rows}
    assert by_class == {
        "cat": "90.00% to 100.00%",
        "dog": "95.00% to 100.00%",
        "ship": "100.00%",
    }


def test_three_digits() -> None:
    shown = [number(value) for value in (0.0, 0.012345, 51234.0, float("nan"))]
    assert shown == ["0", "0.0123", "5.12e+04", "∞"]
