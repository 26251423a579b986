"""A study's runs into the places where other experiments are kept: MLflow, TensorBoard.

    series.py       each run's parameters, outcome and curves, as a tracker wants them
    mlflow.py       into an MLflow tracking store
    tensorboard.py  as event files

What is written is what is stored; nothing is computed or trained. The packages are extras
(`pip install "nnlab[trackers]"`).
"""
