print("maskctl")
